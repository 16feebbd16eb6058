package fixture_test

func Example() {}
