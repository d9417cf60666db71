// Command scheduling answers, one line of JSON for each line of JSON, what the real kube-scheduler finds of a pod
// in a cluster: the other side of the topic `schedule` of tests/fuzz. The scheduler is the whole one, with the
// default profile and its informers; only the API server behind it is client-go's fake one, in memory.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/go-logr/logr"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

func main() {
	// One goroutine at a time: what has been handed to others is done when nobody else wants to run.
	runtime.GOMAXPROCS(1)
	klog.SetLogger(logr.Discard())
	utilruntime.ErrorHandlers = nil
	in, out := bufio.NewReaderSize(os.Stdin, 1<<16), bufio.NewWriterSize(os.Stdout, 1<<16)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		exitOn(err)
		exitOn(write(out, safely(line)))
		// Who waits for an answer has written nothing more.
		if in.Buffered() == 0 {
			exitOn(out.Flush())
		}
	}
	exitOn(out.Flush())
}

// safely turns a panic into an answer.
func safely(line []byte) (said any) {
	defer func() {
		if found := recover(); found != nil {
			said = map[string]any{"panic": fmt.Sprint(found)}
		}
	}()
	said, err := judge(line)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return said
}

func write(out io.Writer, said any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(said)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
