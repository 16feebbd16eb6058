module example.test/outputs

go 1.26
