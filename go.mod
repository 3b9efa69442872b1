module github.com/openbroker/openbroker

go 1.26
