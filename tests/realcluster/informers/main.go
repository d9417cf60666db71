// Command informers does with client-go what operators do, and prints what it saw: typed clients in
// protobuf, shared informers, dynamic and metadata informers, apply, leader election. The test compares
// the text.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// How long anything may take.
const patience = 60 * time.Second

// What all parts share.
type clients struct {
	config   *rest.Config
	typed    kubernetes.Interface
	dynamic  dynamic.Interface
	metadata metadata.Interface
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: informers KUBECONFIG")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	defer cancel()
	if err := run(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	made, err := newClients(config)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		run  func(context.Context, *clients) error
	}{
		{"workload", workload},
		{"conflict", conflict},
		{"apply", apply},
		{"pages", pages},
		{"custom", custom},
		{"leader", leader},
	} {
		fmt.Printf("== %s\n", part.name)
		if err := part.run(ctx, made); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// As the built-in components do: protobuf where there is a type, JSON otherwise.
func newClients(config *rest.Config) (*clients, error) {
	config.QPS, config.Burst = 200, 400
	proto := rest.CopyConfig(config)
	proto.ContentType = "application/vnd.kubernetes.protobuf"
	proto.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	typed, err := kubernetes.NewForConfig(proto)
	if err != nil {
		return nil, err
	}
	dynamic, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	metadata, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &clients{config: config, typed: typed, dynamic: dynamic, metadata: metadata}, nil
}
