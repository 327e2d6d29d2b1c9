"""For instructors: editions of the notebooks, marking, and slides.

Works on every notebook; none of them imports it. The commands are `nst-course edition`,
`nst-course grade` and `nst-course slides`.
"""
