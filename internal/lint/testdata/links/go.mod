module example.test/links

go 1.26
