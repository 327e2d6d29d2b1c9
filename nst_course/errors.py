"""The one exception that the course raises on purpose."""


class CourseError(ValueError):
    """Something a person can put right; the message is a sentence that says what to do."""
