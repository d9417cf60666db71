// Command kubectl132 is kubectl 1.32: clients that are older than the server must find nothing strange either.
package main

import (
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		// It prints its own errors and chooses its exit code.
		util.CheckErr(err)
	}
}
