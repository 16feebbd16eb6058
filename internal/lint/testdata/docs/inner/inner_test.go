package inner

func ExampleInside() {}
