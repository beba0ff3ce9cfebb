module acrux.example.com/acruxtest

go 1.21
