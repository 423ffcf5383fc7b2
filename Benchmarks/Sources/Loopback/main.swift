import LoadPeers
print("x")
