package isolation

// databases are the variants of isolation.
var databases = []database{}
