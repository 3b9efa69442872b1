// Package rabbitmq provides virtual hosts of a RabbitMQ server or cluster as a service:
// each instance is a virtual host with limits and an operator policy, and each binding a
// user that may use it.
//
// The package works by the management HTTP API alone, see its package management. The
// account of the broker needs the tag administrator. Requests carry hashes of passwords,
// so that no log of the server has a password.
//
// Deleting a binding deletes its user, which closes the user's connections. Deleting an
// instance first takes the permissions from all users, so that nobody declares a queue
// while the virtual host is deleted: such a queue would stay. It needs all nodes of the
// cluster, because queues of a node that is away would stay too.
//
// RabbitMQ has no access that only reads: whoever may read a queue can consume and purge
// its messages. The names that a binding may configure, write to and read from can be
// limited by parameters.
//
// The package does not record instances and bindings: the engine does. It never opens an
// AMQP connection, and does not look into messages.
package rabbitmq
