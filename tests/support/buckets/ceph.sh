#!/bin/sh
# Runs a real Ceph RGW, of Debian's packages, on loopback until standard input ends. No systemd.
#
#   ceph.sh FOLDER RGW_PORT MON_PORT MON_PORT_V1 ACCESS_KEY SECRET_KEY UPLOAD_KEY UPLOAD_SECRET
#
# The second key is that of a subuser that can only write.
#
# One monitor, one OSD that keeps its objects in memory, one gateway, and no authentication between
# them: nothing of it can be reached from another machine. FOLDER is made, and removed at the end.
# The gateway answers some seconds after its start. Where something fails, the last lines of its log
# go to standard error.
set -eu
folder=$1 rgw_port=$2 mon_port=$3 mon_port_v1=$4 access_key=$5 secret_key=$6
upload_key=$7 upload_secret=$8

daemons= failed=yes
# The end of standard input is all that stops it: Ctrl-C reaches the tests, which close it.
trap '' INT TERM
stop() {
  [ -z "$failed" ] || tail -n 20 "$folder/log/setup.out" >&2 || true
  # -9: the data goes with the folder, so that nothing has to be written down.
  [ -z "$daemons" ] || kill -9 $daemons 2>/dev/null || true
  wait
  rm -rf "$folder"
}
trap stop EXIT

mkdir -p "$folder/mon.a" "$folder/osd.0" "$folder/run" "$folder/log" "$folder/rgw"
cd "$folder"
addresses="[v2:127.0.0.1:$mon_port,v1:127.0.0.1:$mon_port_v1]"
fsid=$(cat /proc/sys/kernel/random/uuid)
osd=$(cat /proc/sys/kernel/random/uuid)
: > keyring
cat > ceph.conf <<CONF
[global]
fsid = $fsid
mon host = $addresses
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc secure
ms bind ipv6 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
run dir = $folder/run
admin socket = $folder/run/\$name.asok
pid file = $folder/run/\$name.pid
log file = $folder/log/\$name.log
crash dir = $folder/run
mon data = $folder/mon.a
mon cluster log file = $folder/log/cluster.log
osd data = $folder/osd.0
osd objectstore = memstore
memstore device bytes = 4294967296
paxos propose interval = 0.05
paxos min wait = 0.01
osd memory target = 939524096
rgw data = $folder/rgw
[client]
keyring = $folder/keyring
CONF
export CEPH_CONF="$folder/ceph.conf"

start() {
  "$@" -f >"log/$1.out" 2>&1 </dev/null &
  daemons="$daemons $!"
}

monmaptool --create --clobber --fsid "$fsid" --addv a "$addresses" monmap >log/setup.out 2>&1
ceph-mon --mkfs -i a --monmap monmap >>log/setup.out 2>&1
start ceph-mon -i a
timeout 60 ceph osd new "$osd" 0 >>log/setup.out 2>&1
ceph-osd -i 0 --mkfs --osd-uuid "$osd" >>log/setup.out 2>&1
start ceph-osd -i 0
admin() { timeout 120 radosgw-admin -n client.admin "$@" >>log/setup.out 2>&1; }
admin user create --uid=chat-archive --display-name=chat-archive \
  --access-key="$access_key" --secret-key="$secret_key"
# As docs/operations.md says.
admin subuser create --uid=chat-archive --subuser=chat-archive:upload --access=write
admin key create --subuser=chat-archive:upload --key-type=s3 \
  --access-key="$upload_key" --secret-key="$upload_secret"
start radosgw -n client.admin --ms-mon-client-mode=crc \
  --rgw-frontends="beast endpoint=127.0.0.1:$rgw_port"
failed=
cat >/dev/null
