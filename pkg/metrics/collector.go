package metrics

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Part is a struct of counters of which a [Collector] shows some: one, or one for each value of the labels.
type Part struct {
	Table  Table
	Labels []string
}

// Sample is a struct of counters as it is now.
type Sample struct {
	// Part is the place of the [Part] that it is of.
	Part int
	// Stats is the struct.
	Stats any
	// Labels are the values of the part's labels. No two samples of a part may have the same.
	Labels []string
}

// Collector tells Prometheus of counters.
type Collector struct {
	parts []Part
	descs [][]*prometheus.Desc // of the lines of each part; nil: no metric
	read  func() []Sample
}

var _ prometheus.Collector = (*Collector)(nil)

// NewCollector makes a collector of the metrics whose names begin with namespace and "_". It calls read, which may be called concurrently, each time that somebody
// looks.
func NewCollector(namespace string, parts []Part, read func() []Sample) *Collector {
	c := &Collector{parts: parts, read: read}
	for _, part := range parts {
		var descs []*prometheus.Desc
		for _, one := range part.Table {
			descs = append(descs, one.desc(namespace, part.Labels))
		}
		c.descs = append(c.descs, descs)
	}
	return c
}

func (c Counter) desc(namespace string, labels []string) *prometheus.Desc {
	if c.Metric == "" {
		return nil
	}
	labels = slices.Clone(labels)
	if c.Label != "" {
		labels = append(labels, c.Label)
	}
	return prometheus.NewDesc(namespace+"_"+c.Metric, c.Help, labels, nil)
}

// Describe tells which metrics there are.
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range slices.Concat(c.descs...) {
		if desc != nil {
			descs <- desc
		}
	}
}

// Collect tells what they are now.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	for _, sample := range c.read() {
		for i, one := range c.parts[sample.Part].Table {
			if desc := c.descs[sample.Part][i]; desc != nil {
				one.collect(metrics, desc, sample)
			}
		}
	}
}

func (c Counter) collect(metrics chan<- prometheus.Metric, desc *prometheus.Desc, sample Sample) {
	v := c.value(sample.Stats)
	if v.Kind() == reflect.Map {
		for _, key := range v.MapKeys() {
			c.send(metrics, desc, v.MapIndex(key), append(slices.Clone(sample.Labels), key.String()))
		}
		for _, key := range c.Known {
			if !v.MapIndex(reflect.ValueOf(key).Convert(v.Type().Key())).IsValid() {
				c.send(metrics, desc, reflect.Zero(v.Type().Elem()), append(slices.Clone(sample.Labels), key))
			}
		}
		return
	}
	c.send(metrics, desc, v, sample.Labels)
}

func (c Counter) send(metrics chan<- prometheus.Metric, desc *prometheus.Desc, v reflect.Value, labels []string) {
	kind, value, ok := c.number(v)
	if !ok {
		return
	}
	values := make([]string, len(labels))
	for i, label := range labels {
		values[i] = strings.ToValidUTF8(label, "\uFFFD") // of what came from the network some may be none
	}
	metrics <- prometheus.MustNewConstMetric(desc, kind, value, values...)
}

// number is a value as Prometheus sees it; ok is false for a time that is none.
func (c Counter) number(v reflect.Value) (kind prometheus.ValueType, value float64, ok bool) {
	switch v := v.Interface().(type) {
	case uint64:
		return prometheus.CounterValue, float64(v), true
	case int:
		return prometheus.GaugeValue, float64(v), true
	case float64:
		return prometheus.GaugeValue, v, true
	case bool:
		if v {
			return prometheus.GaugeValue, 1, true
		}
		return prometheus.GaugeValue, 0, true
	case time.Duration:
		return prometheus.GaugeValue, v.Seconds(), true
	case time.Time:
		return prometheus.GaugeValue, float64(v.UnixMilli()) / 1000, !v.IsZero()
	}
	panic(fmt.Sprintf("metrics: no metric for %s, a %s", c.Field, v.Type()))
}
