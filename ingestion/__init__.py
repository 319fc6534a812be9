"""The room that takes delivered files into `raw.*`: declared sources, exact counts, nothing lost in silence.

What is pulled lands as files first, like everything else. Cleaning, casting and renaming are the models' work.
"""
