// Package management is a small client of RabbitMQ's management HTTP API: the calls
// that package rabbitmq needs, no more.
//
// A [Client] knows the nodes of one cluster. A call goes to the node that answered last,
// and to the next one if that node is away. All its calls can be repeated: what exists
// already, or is gone already, is no error. Nothing secret is in its errors.
package management
