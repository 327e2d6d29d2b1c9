"""The one exception that the course raises on purpose."""


class CourseError(ValueError):
    """Something a person can put right. The message is one sentence: what is wrong, with what, what to do."""
