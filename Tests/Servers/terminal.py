"""terminal.py COLUMNS COMMAND...: runs COMMAND on a pseudo-terminal of that width and writes what it would show.

Where the variable TERMINAL_ANSWERS holds a JSON list of pairs, the second of each is typed once the terminal has shown the
first, in order; one that was never shown is told on standard error. The exit code is the command's."""
import fcntl, json, os, pty, struct, sys, termios

columns, command = int(sys.argv[1]), sys.argv[2:]
answers = json.loads(os.environ.pop("TERMINAL_ANSWERS", "[]"))
leader, follower = pty.openpty()
fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
child = os.fork()
if child == 0:
    os.close(leader)
    os.login_tty(follower) if hasattr(os, "login_tty") else (
        os.setsid(), fcntl.ioctl(follower, termios.TIOCSCTTY, 0), [os.dup2(follower, end) for end in (0, 1, 2)])
    os.execv(command[0], command)
os.close(follower)
unanswered = b""
while True:
    try:
        shown = os.read(leader, 65536)
    except OSError:  # The last end of the follower is closed.
        break
    if not shown:
        break
    os.write(1, shown)
    unanswered += shown
    while answers and answers[0][0].encode() in unanswered:
        question, answer = answers.pop(0)
        unanswered = unanswered[unanswered.index(question.encode()) + len(question.encode()):]
        os.write(leader, answer.encode() + b"\n")
if answers:
    sys.stderr.write(f"never shown: {answers[0][0]}\n")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
