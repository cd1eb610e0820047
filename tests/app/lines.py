"""What a complaint looks like: one line, in the command line and in the window."""


def check_line(line, *said):
    """One line that can be printed anywhere, and says all this."""
    assert line.isprintable(), line
    assert "fault of ntmviz" not in line
    for each in said:
        assert each in line


def check_failed(code, errors, *said, wanted_code=1):
    """A command line that ended with one line on standard error."""
    assert len(errors) == 1, errors
    assert errors[0].startswith("ntmviz: ")
    check_line(errors[0], *said)
    assert code == wanted_code


def check_told(window, *said):
    assert window.notice.isVisible()
    text = window.notice.text
    check_line(text[:1].lower() + text[1:], *said)
