package exporters //nolint:testpackage // The package has one function for others, which starts everything.

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// Spans are passed on when there is a handful of them, when the first has waited long
// enough, and when the processor is flushed or shut down. None is lost or passed on twice.
func TestGather(t *testing.T) {
	t.Parallel()
	flush := func(p *trace.TracerProvider) error { return p.ForceFlush(context.Background()) }
	shutdown := func(p *trace.TracerProvider) error { return p.Shutdown(context.Background()) }
	wait := func(*trace.TracerProvider) error {
		<-time.After(holdTime)
		synctest.Wait()
		return nil
	}
	nothing := func(*trace.TracerProvider) error { return nil }
	for name, c := range map[string]struct {
		spans int
		then  func(*trace.TracerProvider) error
		want  int
	}{
		"too few":               {handful - 1, nothing, 0},
		"a handful":             {handful, nothing, handful},
		"more":                  {2*handful + 1, nothing, 2 * handful},
		"too few, later":        {1, wait, 1},
		"more, later":           {handful + 3, wait, handful + 3},
		"too few, flushed":      {5, flush, 5},
		"none, flushed":         {0, flush, 0},
		"too few, shut down":    {5, shutdown, 5},
		"a handful, flushed":    {handful, flush, handful},
		"more, then shut down":  {handful + 1, shutdown, handful + 1},
		"a handful, much later": {handful, wait, handful},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				recorder := tracetest.NewSpanRecorder()
				provider := trace.NewTracerProvider(trace.WithSpanProcessor(gather(recorder)))
				tracer := provider.Tracer("test")
				for range c.spans {
					_, span := tracer.Start(t.Context(), "span")
					span.End()
				}
				if err := c.then(provider); err != nil {
					t.Fatal(err)
				}
				if got := len(recorder.Ended()); got != c.want {
					t.Errorf("%d spans were passed on, want %d", got, c.want)
				}
				if err := shutdown(provider); err != nil {
					t.Fatal(err)
				}
				if got := len(recorder.Ended()); got != c.spans {
					t.Errorf("after the end, %d spans were passed on, want %d", got, c.spans)
				}
			})
		})
	}
}
