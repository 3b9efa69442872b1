package nats

import (
	"time"

	"github.com/nats-io/jwt/v2"

	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// inboxPrefix begins the inboxes of a user; its name follows. The default of clients,
// _INBOX, is one for all.
const inboxPrefix = "_INBOX_"

// everything is all subjects.
const everything = ">"

// Subjects of JetStream to publish to.
var (
	// streaming are those for everything that streams, buckets and object stores can do.
	streaming = []string{"$JS.API.>", "$JS.ACK.>", "$JS.FC.>", "$KV.>", "$O.>"}
	// reading are those to read streams. They do not include acknowledgements, which
	// delete messages of work queues, nor purges and deletions.
	reading = []string{
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.MSG.GET.*", "$JS.API.DIRECT.GET.>",
		"$JS.API.CONSUMER.CREATE.>", "$JS.API.CONSUMER.NAMES.*", "$JS.API.CONSUMER.LIST.*", "$JS.API.CONSUMER.INFO.*.*", "$JS.API.CONSUMER.MSG.NEXT.*.*", "$JS.FC.>",
	}
	// stored are the subjects of buckets and object stores to subscribe to.
	stored = []string{"$KV.>", "$O.>"}
)

// responses allows to answer requests of others, whose inboxes are not allowed.
var responses = jwt.ResponsePermission{MaxMsgs: -1, Expires: 2 * time.Minute}

// permissions returns what a user of an account may do.
func permissions(name, mode string, subjects []string) jwt.Permissions {
	var p jwt.Permissions
	inbox := inboxPrefix + name + ".>"
	if len(subjects) > 0 {
		p.Sub.Allow = append(append([]string{inbox}, stored...), subjects...)
		p.Pub.Allow = append(append([]string{}, streaming...), subjects...)
		p.Resp = &responses
	}
	if mode == parameters.ReadOnly {
		p.Pub.Allow, p.Resp = append([]string{}, reading...), nil
		if len(subjects) == 0 {
			p.Sub.Allow = []string{everything}
		}
	}
	return p
}
