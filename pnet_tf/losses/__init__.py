"""The three losses and their sum. All take logits and average over pixels (paper, section 3.2)."""
