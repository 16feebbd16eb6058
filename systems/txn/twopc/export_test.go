package twopc

// OwnerOf returns the node that has a key.
var OwnerOf = ownerOf
