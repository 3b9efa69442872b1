// Package history checks the requests and responses of platforms for
// linearizability: whether the responses are those of a broker that decides
// about one request at a time, at an instant between request and response.
//
// The model of an instance follows the Open Service Broker API and
// docs/operation-states.md. It shares no code with the engine, so that it does
// not share its mistakes. An operation begins at the instant of a decision and
// ends at any later one. A request without a response may take effect at any
// time after it was sent, or never.
//
// The search is that of github.com/anishathalye/porcupine.
package history
