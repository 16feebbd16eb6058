module example.test/language

go 1.26
