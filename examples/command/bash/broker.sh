#!/usr/bin/env bash
# A provider in bash: an instance is a folder, a binding is a token in it. It needs jq.
# docs/command-provider.md explains the messages and the exit codes.
set -euo pipefail

request=$(cat)
get() { jq -r "$1 // empty" <<<"$request"; }

# refuse STATUS TEXT: an error for the user.
refuse() {
	jq -nc --argjson status "$1" --arg text "$2" '{error: {status: $status, description: $text}}'
	exit 0
}

mkdir -p "$ROOT"
folder=$ROOT/$(get .instance.resource_name)
token=$folder/tokens/$(get .binding.resource_name)

# keep PATH: replaces a file with the standard input. A killed attempt leaves either the
# old or the new file.
keep() {
	cat >"$1.new"
	mv "$1.new" "$1"
}

case $(get .operation) in
check) # Refuse what no plan allows, before the broker accepts the request.
	unknown=$(jq -r '(.binding.parameters // .instance.parameters) | del(.owner) | keys | join(", ")' <<<"$request")
	[ -z "$unknown" ] || refuse 400 "These parameters are unknown: $unknown. The only one is owner."
	echo '{}'
	;;
provision | update)
	echo '{"description": "making the folder"}' >&3
	sleep "${SLOW:-0}"
	mkdir -p "$folder/tokens"
	jq '{owner: .instance.parameters.owner, plan: .instance.plan.name, files: .instance.plan.settings.files}' <<<"$request" | keep "$folder/about.json"
	jq -c '{metadata: {labels: {files: (.instance.plan.settings.files | tostring)}}}' <<<"$request"
	;;
bind)
	[ -d "$folder" ] || refuse 422 "The folder of the instance is gone: delete the instance."
	if [ ! -e "$token" ]; then
		head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' | keep "$token"
	fi
	# The token goes through standard input: everybody can read arguments.
	jq -Rc --arg folder "$(realpath "$folder")" '{credentials: {folder: $folder, token: .}}' <"$token"
	;;
unbind)
	rm -f "$token" "$token.new"
	echo '{}'
	;;
deprovision) # Also what a killed provision left half-made, or never began.
	rm -rf "$folder"
	echo '{}'
	;;
list)
	find "$ROOT" -mindepth 1 -maxdepth 1 -name 'ob-*' -printf '%f\n' | jq -Rnc '{resources: [inputs]}'
	;;
*)
	echo "the operation $(get .operation) is unknown" >&2
	exit 1
	;;
esac
