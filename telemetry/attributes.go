package telemetry

import (
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// unknown is the name of a service or plan that the catalog does not have.
const unknown = "unknown"

// nameOr returns a name of the catalog, or unknown.
func nameOr(name string) string {
	if name == "" {
		return unknown
	}
	return name
}

// options are attributes in the form that instruments take.
type options struct {
	record []metric.RecordOption
	add    []metric.AddOption
}

func newOptions(attributes ...attribute.KeyValue) *options {
	set := metric.WithAttributeSet(attribute.NewSet(attributes...))
	return &options{record: []metric.RecordOption{set}, add: []metric.AddOption{set}}
}

// optionsOf makes the options of a key.
func optionsOf[K interface{ attributes() []attribute.KeyValue }](key K) *options {
	return newOptions(key.attributes()...)
}

// A cache keeps a value for each of a few keys: making it costs more than recording a
// measurement.
type cache[K comparable, V any] struct {
	lock   sync.RWMutex
	values map[K]*V
}

func (c *cache[K, V]) get(key K, newValue func(K) *V) *V {
	c.lock.RLock()
	value, found := c.values[key]
	c.lock.RUnlock()
	if found {
		return value
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.values == nil {
		c.values = map[K]*V{}
	}
	value = newValue(key)
	c.values[key] = value
	return value
}
