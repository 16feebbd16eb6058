package fixture

const test = "may have that at odds, or whoever asks"
