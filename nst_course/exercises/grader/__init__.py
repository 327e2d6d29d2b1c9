"""From an answer to a verdict: runs the answer where it can do no harm, and says what is wrong.

Used by the exercises of every notebook; it does not know what an exercise is about.
"""
