module example.test/docs

go 1.26
