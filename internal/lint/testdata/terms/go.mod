module example.test/terms

go 1.26
