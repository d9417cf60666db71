// Command judge answers, one line of JSON for each line of JSON, what Go's own code says about a case of a
// topic: the other side of tests/fuzz.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// answers has, for each topic, what is said about a case.
var answers = map[string]func(line []byte) (any, error){
	"quantity": quantity,
	"labels":   labelSelector,
	"fields":   fieldSelector,
	"names":    names,
	"cron":     cronSchedule,
	"patch":    strategicPatch,
	"threeway": threeWay,
	"apply":    apply,
	"strict":   strict,
	"custom":   custom,
	"jsonpath": jsonPath,
}

func main() {
	if len(os.Args) != 2 || answers[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: judge TOPIC")
		os.Exit(2)
	}
	answer := answers[os.Args[1]]
	in, out := bufio.NewReaderSize(os.Stdin, 1<<16), bufio.NewWriterSize(os.Stdout, 1<<16)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		exitOn(err)
		exitOn(write(out, safely(answer, line)))
		// Who waits for an answer has written nothing more.
		if in.Buffered() == 0 {
			exitOn(out.Flush())
		}
	}
	exitOn(out.Flush())
}

// safely turns a panic into an answer.
func safely(answer func([]byte) (any, error), line []byte) (said any) {
	defer func() {
		if found := recover(); found != nil {
			said = map[string]any{"panic": fmt.Sprint(found)}
		}
	}()
	said, err := answer(line)
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
