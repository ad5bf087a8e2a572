package message_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/pytroll/posttroll-go/pkg/message"
)

func Example() {
	m, err := message.Encoder{}.Encode(message.Fields{
		Subject: "/viirs/sdr/1B",
		Type:    "file",
		Sender:  "safusr@lx1",
		Time:    message.Time{Time: time.Date(2024, 5, 17, 9, 41, 12, 345678000, time.UTC)},
		Data: struct {
			UID   string    `json:"uid"`
			Start time.Time `json:"start_time"`
		}{"x.h5", time.Date(2024, 5, 17, 9, 26, 3, 0, time.UTC)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m)
	// Output:
	// pytroll://viirs/sdr/1B file safusr@lx1 2024-05-17T09:41:12.345678+00:00 v1.2 application/json {"uid": "x.h5", "start_time": "2024-05-17T09:26:03+00:00"}
}

func ExampleDecode() {
	frame := []byte(`pytroll://viirs/sdr/1B file safusr@lx1 2024-05-17T09:41:12.345678 v1.01 application/json {"uid": "x.h5", "orbit_number": 64892}`)
	m, err := message.Decode(frame)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Subject(), m.Type(), m.User(), "at", m.Host())
	fmt.Println(m.Time(), "naive:", m.Time().Naive)
	// Output:
	// /viirs/sdr/1B file safusr at lx1
	// 2024-05-17T09:41:12.345678 naive: true
}

func ExampleDecode_error() {
	_, err := message.Decode([]byte("pytroll://viirs/sdr/1B file safusr@lx1 yesterday v1.01"))
	fmt.Println(err)
	if e, ok := errors.AsType[*message.Error](err); ok {
		fmt.Println(e.Field, e.Offset)
	}
	// Output:
	// message: time at byte 39: "yesterday": no ISO 8601 date or time
	// time 39
}

func ExampleMessage_Unmarshal() {
	m, err := message.Decode([]byte(`pytroll://viirs/sdr/1B file safusr@lx1 2024-05-17T09:41:12 v1.01 application/json {"uid": "x.h5", "start_time": "2024-05-17T09:26:03.7", "sensor": ["viirs"]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var file struct {
		UID    string       `json:"uid"`
		Start  message.Time `json:"start_time"`
		Sensor []string     `json:"sensor"`
	}
	if err := m.Unmarshal(&file); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(file.UID, file.Start, file.Sensor)
	// Output:
	// x.h5 2024-05-17T09:26:03.700000 [viirs]
}

func ExampleMessage_Data() {
	m, err := message.Decode([]byte(`pytroll://a file me@here 2024-05-17T09:41:12 v1.01 application/json {"uid": "x.h5", "t": "20240517", "n": 123456789012345678901234567890}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := m.Data()
	if err != nil {
		fmt.Println(err)
		return
	}
	for key, value := range data.(*message.Object).All() {
		fmt.Printf("%s: %v (%T)\n", key, value, value)
	}
	// Output:
	// uid: x.h5 (string)
	// t: 2024-05-17T00:00:00 (message.Time)
	// n: 123456789012345678901234567890 (*big.Int)
}

// A relay changes the sender and leaves all else alone.
func ExampleMessage_WithSender() {
	m, err := message.Decode([]byte(`pytroll://a file me@here 2024-05-17T09:41:12 v1.01 application/json {"x":1.50}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err = m.WithSender("relay@gate")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m)
	// Output:
	// pytroll://a file relay@gate 2024-05-17T09:41:12 v1.01 application/json {"x":1.50}
}

func ExampleTopic() {
	fmt.Println(message.Topic("counter"))
	fmt.Println(message.Topic("/counter"))
	fmt.Println(message.Topic("pytroll:/"), "is everything")
	// A subject without leading slash is not covered by its own name.
	fmt.Println(message.Covers("counter", "/counter"), message.Covers("counter", "counter"))
	// Output:
	// pytroll://counter
	// pytroll://counter
	// pytroll:/ is everything
	// true false
}
