"""The room that takes delivered files into `raw.*`: declared sources, exact counts, nothing lost in silence.

Cleaning, casting and renaming are the models' work; databases and HTTP interfaces are not read here.
"""
