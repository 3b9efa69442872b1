package app

// examples are the examples of the help, by command.
var examples = map[string]string{
	"openbroker": `openbroker serve
openbroker config check openbroker.yaml
openbroker check http://127.0.0.1:8080`,
	"openbroker serve": `openbroker serve
openbroker serve --config openbroker.yaml
openbroker serve --listen 127.0.0.1:0 --data /var/lib/openbroker`,
	"openbroker simulate": `openbroker simulate
openbroker simulate --plans sync,async --store sqlite:simulator.db
OPENBROKER_PASSWORD=secret openbroker simulate --listen :8080`,
	"openbroker config":        `openbroker config check openbroker.yaml`,
	"openbroker config check":  `openbroker config check openbroker.yaml`,
	"openbroker config schema": `openbroker config schema > openbroker.schema.json`,
	"openbroker admin": `openbroker admin instances
openbroker admin operations --config openbroker.yaml --state active`,
	"openbroker admin top": `openbroker admin top
openbroker admin top --once -o json | jq .stuck`,
	"openbroker admin instances":  `openbroker admin instances --status create-failed -o name`,
	"openbroker admin bindings":   `openbroker admin bindings --instance 1b4c7c9a`,
	"openbroker admin operations": `openbroker admin operations --state failed --kind provision`,
	"openbroker admin retry":      `openbroker admin retry --reason "the network is back" 1b4c7c9a`,
	"openbroker admin cancel":     `openbroker admin cancel --reason "asked by the owner" 1b4c7c9a`,
	"openbroker admin fail":       `openbroker admin fail --reason "the volume is lost" --no-cleanup 1b4c7c9a`,
	"openbroker admin forget":     `openbroker admin forget --reason "deleted by hand" 1b4c7c9a`,
	"openbroker admin audit":      `openbroker admin audit --action forget --limit 10`,
	"openbroker admin orphans":    `openbroker admin orphans -o json`,
	"openbroker admin export":     `openbroker admin export records.archive`,
	"openbroker admin import":     `openbroker admin import --config postgres.yaml records.archive`,
	"openbroker keyset": `openbroker keyset list
openbroker keyset rotate --keyset /etc/openbroker/keyset.json`,
	"openbroker keyset list":    `openbroker keyset list -o json`,
	"openbroker keyset add":     `openbroker keyset add`,
	"openbroker keyset rotate":  `openbroker keyset rotate`,
	"openbroker keyset promote": `openbroker keyset promote 1184423914`,
	"openbroker keyset enable":  `openbroker keyset enable 1184423914`,
	"openbroker keyset disable": `openbroker keyset disable 1184423914`,
	"openbroker keyset delete":  `openbroker keyset delete 1184423914`,
	"openbroker lint": `openbroker lint catalog.yaml
openbroker lint --platform cloudfoundry --report sarif=findings.sarif catalog/
OPENBROKER_PASSWORD=secret openbroker lint https://broker.example.com`,
	"openbroker check": `openbroker check http://127.0.0.1:8080 --username openbroker --password-file openbroker-data/password
openbroker check https://broker.example.com --profile cloudfoundry --report junit=report.xml
openbroker check --list`,
	"openbroker diff": `openbroker diff old.yaml new.yaml
openbroker diff -o markdown https://broker.example.com catalog.yaml`,
	"openbroker docs":     `openbroker docs catalog.yaml > services.md`,
	"openbroker provider": `openbroker provider test openbroker.yaml`,
	"openbroker provider test": `openbroker provider test openbroker.yaml
openbroker provider test --service folder --plan small -o json openbroker.yaml`,
	"openbroker provider schema": `openbroker provider schema > messages.schema.json`,
	"openbroker version":         `openbroker version`,
	"openbroker help":            `openbroker help serve`,
	"openbroker completion": `source <(openbroker completion bash)
openbroker completion zsh > "${fpath[1]}/_openbroker"`,
	"openbroker completion bash":       `source <(openbroker completion bash)`,
	"openbroker completion zsh":        `openbroker completion zsh > "${fpath[1]}/_openbroker"`,
	"openbroker completion fish":       `openbroker completion fish > ~/.config/fish/completions/openbroker.fish`,
	"openbroker completion powershell": `openbroker completion powershell | Out-String | Invoke-Expression`,
}
