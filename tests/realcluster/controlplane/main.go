// Command controlplane is a real Kubernetes 1.36 in one program: the first argument names the
// component, as in the hyperkube of old. The test suite compares Podium's embedded cluster with it.
// Four commands help the tests: `keys DIRECTORY ADDRESS...` makes certificates, `types GROUPVERSION...`
// prints how Go encodes types, `internal` the structs that errors of validation print, `registry LIST ADDRESS`
// serves the images of a list.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: controlplane COMPONENT [ARGUMENT...]")
		os.Exit(2)
	}
	component := os.Args[1]
	os.Args = append([]string{component}, os.Args[2:]...)
	switch component {
	case "etcd":
		etcdmain.Main(os.Args)
		return
	case "keys":
		exitOn(writeKeys(os.Args[1], os.Args[2:]))
		return
	case "registry":
		exitOn(serveRegistry(os.Args[1], os.Args[2]))
		return
	case "internal":
		printInternal()
		return
	case "types":
		exitOn(printTypes(os.Args[1:]))
		return
	}
	command := commandOf(component)
	if command == nil {
		fmt.Fprintf(os.Stderr, "%q is not a component of this program\n", component)
		os.Exit(2)
	}
	if component != "kubectl" {
		os.Exit(cli.Run(command))
	}
	// kubectl prints its own errors and chooses its exit code.
	if err := cli.RunNoErrOutput(command); err != nil {
		kubectlutil.CheckErr(err)
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func commandOf(component string) *cobra.Command {
	switch component {
	case "kube-apiserver":
		return apiserver.NewAPIServerCommand()
	case "kube-controller-manager":
		return controllermanager.NewControllerManagerCommand()
	case "kube-scheduler":
		return scheduler.NewSchedulerCommand()
	case "kubelet":
		return kubelet.NewKubeletCommand(context.Background())
	case "kube-proxy":
		return proxy.NewProxyCommand()
	case "kubectl":
		return kubectl.NewDefaultKubectlCommand()
	}
	return nil
}
