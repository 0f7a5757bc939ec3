#!/usr/bin/env bash
# Brings a private Docker engine up on Debian 12 without systemd, for tests and CI.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/docker.sh install | start | stop | status | client

  install  installs docker.io, debootstrap and iproute2 with apt, each only when missing
  start    starts an engine of its own, waits until it answers, prints DOCKER_HOST=unix://...
  stop     ends that engine and its containers, unmounts what it left; images stay in the folder
  status   prints DOCKER_HOST=unix://... and exits 0 while the engine answers, else exits 3
  client   prints the docker client to use: one that builds with BuildKit without a plug-in when there is one

In a script:  export "$(scripts/docker.sh start)"

Containers have no way out to the network and the host's firewall is not touched. Reach one from the host
with `docker run -p 127.0.0.1::3000 ...` and `docker port`, or with `--network host`. A build step that
needs a package registry takes `docker build --network host`.

environment:
  BENTO_DOCKER_DIR     folder for data, socket, log and pid (default /tmp/bento-docker)
  BENTO_DOCKER_BRIDGE  name of the bridge it makes (default bentoN, N from the folder's name); "none": no bridge,
                       so only --network host and --network none work
  BENTO_DOCKER_SUBNET  address and prefix of that bridge (default 10.213.N.1/24)
TEXT
}

# dockerd looks for containerd, runc and docker-proxy in PATH, and sbin is not always there.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

dir=$(realpath -m -- "${BENTO_DOCKER_DIR:-/tmp/bento-docker}")
# Two engines in two folders must not share a bridge: the one that stops first would take it from the other.
folder_number=$(($(cksum <<<"$dir" | cut -d' ' -f1) % 256))
bridge=${BENTO_DOCKER_BRIDGE:-bento$folder_number}
subnet=${BENTO_DOCKER_SUBNET:-10.213.$folder_number.1/24}
host="unix://$dir/docker.sock"
pid_file="$dir/docker.pid"
containerd_pid_file="$dir/exec/containerd/containerd.pid"
log="$dir/dockerd.log"
start_wait_s=60
stop_wait_s=60

main() {
  case "${1:-}" in
    install) install_packages ;;
    start) start ;;
    stop) stop ;;
    status) status ;;
    client) client ;;
    -h | --help | help) usage ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
}

say() { printf 'docker.sh: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

need_root() {
  [[ $EUID -eq 0 ]] || fail "\"$1\" needs root; run it again as root."
}

install_packages() {
  need_root install
  local missing=()
  command -v dockerd >/dev/null || missing+=(docker.io)
  command -v debootstrap >/dev/null || missing+=(debootstrap)
  command -v ip >/dev/null || missing+=(iproute2)
  if [[ ${#missing[@]} -eq 0 ]]; then
    say "everything is installed already; next: scripts/docker.sh start."
    return
  fi
  command -v apt-get >/dev/null || fail "apt-get is missing, so ${missing[*]} cannot be installed; install them by hand."
  # Another apt may hold the lock on a fresh machine: wait for it, with a bound.
  local apt=(apt-get -qq -o DPkg::Lock::Timeout=120)
  "${apt[@]}" update >&2
  DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2
  say "installed ${missing[*]}; next: scripts/docker.sh start."
}

start() {
  need_root start
  command -v dockerd >/dev/null || fail "dockerd is missing; run scripts/docker.sh install first."
  client >/dev/null
  make_folder
  exec 9>"$dir/lock"
  flock -w "$start_wait_s" 9 || fail "another start or stop has held $dir/lock for $start_wait_s s; wait for it and run this again."
  if engine_answers; then
    say "the engine is running already."
    echo "DOCKER_HOST=$host"
    return
  fi
  if [[ -z $(engine_pid) ]]; then
    forget_dead_engine
    launch
  fi
  await_answer
  echo "DOCKER_HOST=$host"
}

make_folder() {
  # A socket's path ends at 107 bytes, and containerd appends 50 of its own to this folder.
  [[ ${#dir} -le 55 ]] || fail "BENTO_DOCKER_DIR is ${#dir} bytes long and sockets allow 55; choose a shorter folder."
  [[ -d $dir ]] || install -d -m 0711 -- "$dir" || fail "$dir cannot be made; set BENTO_DOCKER_DIR to another folder."
  # The default lies in /tmp: whoever made the folder first could swap the socket.
  [[ $(stat -c %u -- "$dir") == 0 ]] || fail "$dir does not belong to root; remove it or set BENTO_DOCKER_DIR."
  [[ -f $dir/daemon.json ]] || echo '{}' >"$dir/daemon.json"
}

# A process number may have been given to another process since, or belong to a dead one nobody reaped.
forget_dead_engine() {
  rm -f -- "$pid_file"
  [[ -n $(containerd_pid) ]] || rm -f -- "$containerd_pid_file"
}

launch() {
  local network=(--bridge=none)
  if [[ $bridge != none ]]; then
    if make_bridge; then
      network=("--bridge=$bridge")
    else
      say "no bridge could be made, so reach containers with --network host."
    fi
  fi
  # No rules and no forwarding: docker-proxy alone serves published ports, and the machine's firewall stays as it is.
  # The empty configuration keeps /etc/docker/daemon.json of another engine out.
  setsid dockerd --config-file "$dir/daemon.json" --data-root "$dir/data" --exec-root "$dir/exec" \
    --pidfile "$pid_file" --host "$host" "${network[@]}" \
    --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false \
    </dev/null >"$log" 2>&1 9>&- &
}

make_bridge() {
  command -v ip >/dev/null || return 1
  if ! ip link show "$bridge" >/dev/null 2>&1; then
    ip link add "$bridge" type bridge || return 1
  fi
  ip address replace "$subnet" dev "$bridge" && ip link set "$bridge" up
}

await_answer() {
  local deadline=$((SECONDS + start_wait_s))
  until engine_answers; do
    if [[ $SECONDS -ge $deadline ]]; then
      tail -n 20 -- "$log" >&2
      fail "the engine did not answer within $start_wait_s s; the end of $log is above."
    fi
    if [[ -n $(jobs -p) && -z $(jobs -rp) ]]; then
      tail -n 20 -- "$log" >&2
      fail "the engine ended at once; the end of $log is above."
    fi
    sleep 0.1
  done
}

stop() {
  need_root stop
  if [[ ! -d $dir ]]; then
    say "no engine has run in $dir."
    return
  fi
  exec 9>"$dir/lock"
  flock -w "$stop_wait_s" 9 || fail "another start or stop has held $dir/lock for $stop_wait_s s; wait for it and run this again."
  if [[ -z $(engine_pid) ]] && containers_outlived_engine; then
    # Only an engine ends them in order, so bring it back for that.
    forget_dead_engine
    launch
    await_answer
  fi
  end_process engine_pid dockerd
  # dockerd ends its containerd itself, unless it was killed.
  end_process containerd_pid containerd
  forget_dead_engine
  unmount_leftovers
  if [[ $bridge != none ]] && command -v ip >/dev/null && ip link show "$bridge" >/dev/null 2>&1; then
    ip link delete "$bridge"
  fi
  say "the engine is stopped; images stay in $dir, remove it to free the space."
}

end_process() {
  local find_pid=$1 name=$2 pid deadline=$((SECONDS + stop_wait_s))
  pid=$("$find_pid")
  [[ -n $pid ]] || return 0
  kill -TERM "$pid" 2>/dev/null || true
  while [[ -n $("$find_pid") ]]; do
    [[ $SECONDS -lt $deadline ]] || fail "$name (process $pid) is still there after $stop_wait_s s; look at $log, then end that process."
    sleep 0.1
  done
}

unmount_leftovers() {
  local target
  # Deepest first; a busy mount is detached, since its engine is gone.
  while IFS= read -r target; do
    umount -- "$target" 2>/dev/null || umount -l -- "$target" || say "could not unmount $target; unmount it before removing $dir."
  done < <(findmnt -rno TARGET | awk -v prefix="$dir/" 'index($0, prefix) == 1' | sort -r)
}

status() {
  if ! engine_answers; then
    say "no engine answers in $dir; next: scripts/docker.sh start."
    exit 3
  fi
  local docker version
  docker=$(client)
  version=$(DOCKER_HOST=$host "$docker" version --format 'client {{.Client.Version}}, engine {{.Server.Version}}')
  say "process $(engine_pid), $version, client at $docker."
  echo "DOCKER_HOST=$host"
}

# Debian's client builds with BuildKit by itself; a newer one on PATH needs the buildx plug-in for that.
client() {
  local candidate
  for candidate in /usr/bin/docker "$(command -v docker || true)"; do
    if [[ -x $candidate ]] && "$candidate" --version >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  fail "no docker client works here; run scripts/docker.sh install first."
}

engine_answers() {
  [[ -S $dir/docker.sock ]] || return 1
  DOCKER_HOST=$host timeout 10 "$(client)" version >/dev/null 2>&1
}

engine_pid() { live_pid "$pid_file" "$dir/data"; }

containerd_pid() { live_pid "$containerd_pid_file" "$dir/exec/containerd/containerd.toml"; }

# Each container has a shim that keeps it alive when the engine is killed.
containers_outlived_engine() {
  grep -qzxF -- "$dir/exec/containerd/containerd.sock" /proc/[0-9]*/cmdline 2>/dev/null
}

# Prints the number in a pid file when that process lives and was given this argument, else nothing.
live_pid() {
  local file=$1 argument=$2 pid
  pid=$(cat -- "$file" 2>/dev/null) || return 0
  [[ $pid =~ ^[0-9]+$ ]] || return 0
  if grep -qzxF -- "$argument" "/proc/$pid/cmdline" 2>/dev/null; then echo "$pid"; fi
}

main "$@"
