module example.test/length

go 1.26
