/** Name of the file at the top of a bento that is process 1 of its container. */
export const INIT_FILE_NAME = "init.sh";

/**
 * Process 1 of a container: runs the command that it is given, passes signals on to it and ends with its exit code.
 *
 * Node as process 1 would never take the exit of processes that lost their parent, which then stay as zombies until no more can be started; a shell that waits takes
 * them all. It needs nothing of the network and weighs 1 kB where a program such as tini would be one more binary for each architecture to bring and to keep up
 * with; every base has a shell, for `preStop` hooks. Held for dash, bash and busybox.
 */
export const INIT_SCRIPT = `#!/bin/sh
# Process 1: takes the exit of processes that lost their parent, which Node does not, and passes signals on.
# A terminal's Ctrl-C reaches the server by itself, and a second SIGINT would end it at once.
signal=
trap 'signal=HUP; kill -s HUP $!' HUP
trap 'signal=INT; [ -t 0 ] || kill -s INT $!' INT
trap 'signal=TERM; kill -s TERM $!' TERM
"$@" &
while
  signal=
  wait $!
  now=$?
  # 127: this exit was told in the turn before, and a signal came just then.
  [ "$now" -eq 127 ] || code=$now
  # A signal ends the wait, not the server.
  [ -n "$signal" ]
do :; done
exit "$code"
`;
