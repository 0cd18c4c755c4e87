"""The paper's experiments 1 to 4, its Tables 1 to 3 and Figs. 8 and 9, on any records (section 4.4)."""
