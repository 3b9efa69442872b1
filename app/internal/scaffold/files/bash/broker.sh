#!/usr/bin/env bash
# The provider of acme-broker: an instance is a folder on the disk of the broker, a binding
# is a user of the folder. It needs jq.
#
# Replace the work on files by that on your service. The broker runs this program for each
# operation. It reads a request from the standard input, and prints an answer to the
# standard output, both as JSON.
#
# Each operation must be idempotent: after a crash, the broker runs it again, with the same
# request and with the checkpoint that the interrupted attempt has saved. A command that
# fails, fails the operation: what it prints is for the log of the broker only.
set -euo pipefail
umask 077
command -v jq >/dev/null || { echo "jq is missing: install it" >&2; exit 1; }

request=$(cat)

# get FILTER: a value of the request, or nothing.
get() { jq -r "$1 // empty" <<<"$request"; }

# refuse STATUS TEXT: an error for users of the platform.
refuse() {
	jq -nc --argjson status "$1" --arg text "$2" '{error: {status: $status, description: $text}}'
	exit 0
}

# random: a text that nobody can guess.
random() { head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

# digest: the hash of the standard input.
digest() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1; }

# keep FILE: writes the standard input into a file that is complete, also after a crash.
keep() {
	cat >"$1.draft"
	mv "$1.draft" "$1"
}

# An id is any text of the platform. The resource name is a safe name for it, and always
# the same.
mkdir -p "$FOLDERS"
root=$(cd "$FOLDERS" && pwd)
folder=$root/$(get .instance.resource_name)
username=$(get .binding.resource_name)

case $(get .operation) in
provision) # Creates the folder. It accepts what an earlier attempt has created.
	mkdir -p "$folder/users"
	echo '{"description": "Setting the quota."}' >&3 # Users of the platform see it.
	get .instance.plan.settings.max_files | keep "$folder/quota"
	# The broker keeps the state, encrypted, and adds it to later requests.
	random | jq -Rc '{state: {salt: .}}'
	;;
update) # Changes the plan.
	get .instance.plan.settings.max_files | keep "$folder/quota"
	echo '{}'
	;;
deprovision) # Deletes the folder. A missing one counts as deleted.
	rm -rf "$folder"
	echo '{}'
	;;
bind) # Creates a user with a generated password, of which the folder has only a hash.
	[ -d "$folder" ] || refuse 422 "The folder is gone: delete the instance."
	# The checkpoint is on disk, encrypted, before the service gets the password. So an
	# interrupted bind continues with the same password.
	password=$(get .checkpoint.password)
	if [ -z "$password" ]; then
		password=$(random)
		jq -Rc '{checkpoint: {password: .}}' <<<"$password" >&3
		read -r _ <&4 || exit 75 # The broker has gone. It tries again.
	fi
	printf '%s%s' "$(get .instance.state.salt)" "$password" | digest | keep "$folder/users/$username"
	# The password goes through the standard input: everybody can read arguments.
	jq -Rc --arg folder "$folder" --arg username "$username" '{credentials: {folder: $folder, username: $username, password: .}}' <<<"$password"
	;;
unbind) # Deletes the user. A missing one counts as deleted.
	rm -f "$folder/users/$username" "$folder/users/$username.draft"
	echo '{}'
	;;
list) # Lists the folders, so that the command admin orphans can compare them with the records.
	find "$root" -mindepth 1 -maxdepth 1 -name 'ob-*' | sed 's#.*/##' | jq -Rnc '{resources: [inputs]}'
	;;
*)
	echo "the operation is unknown" >&2
	exit 1
	;;
esac
