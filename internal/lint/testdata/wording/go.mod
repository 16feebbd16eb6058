module example.test/strings

go 1.26
