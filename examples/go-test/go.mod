module example.com/registry

go 1.21

require acrux.example.com/acruxtest v0.1.0

// The helper is in the repository of Acrux.
replace acrux.example.com/acruxtest => ../../testing/go
