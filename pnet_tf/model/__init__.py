"""The network: encoder, decoder blocks, training graph, deployed graph, weights."""
