package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// image is one entry of images.json: a root file system that many names and tags stand for.
type image struct {
	Root         string          `json:"root"`
	Repositories []string        `json:"repositories"`
	Tags         []string        `json:"tags"`
	Config       json.RawMessage `json:"config"`
}

type content struct {
	mediaType string
	body      []byte
}

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar"
)

// serveRegistry answers the pull half of the distribution protocol from memory: pods pull what the
// test suite made, and a name or tag that it did not make is really not found.
func serveRegistry(list, address string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	var images []image
	if err := json.Unmarshal(text, &images); err != nil {
		return err
	}
	served := map[string]content{}
	for _, image := range images {
		if err := image.add(filepath.Dir(list), served); err != nil {
			return err
		}
	}
	return http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, served)
	}))
}

func answer(w http.ResponseWriter, r *http.Request, served map[string]content) {
	path := strings.Trim(r.URL.Path, "/")
	if path == "v2" {
		return
	}
	if at := strings.Index(path, "/blobs/"); at >= 0 {
		path = path[at+1:]
	}
	found, ok := served[path]
	if !ok {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintln(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`)
		return
	}
	w.Header().Set("Content-Type", found.mediaType)
	w.Header().Set("Content-Length", fmt.Sprint(len(found.body)))
	w.Header().Set("Docker-Content-Digest", digest(found.body))
	if r.Method != http.MethodHead {
		w.Write(found.body)
	}
}

func (i image) add(dir string, served map[string]content) error {
	layer, err := archive(filepath.Join(dir, i.Root))
	if err != nil {
		return err
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config":       i.Config,
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{digest(layer)}},
	})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"mediaType":     manifestType,
		"config":        descriptor(configType, config),
		"layers":        []any{descriptor(layerType, layer)},
	})
	if err != nil {
		return err
	}
	served["blobs/"+digest(layer)] = content{layerType, layer}
	served["blobs/"+digest(config)] = content{configType, config}
	for _, repository := range i.Repositories {
		for _, reference := range append(i.Tags, digest(manifest)) {
			served["v2/"+repository+"/manifests/"+reference] = content{manifestType, manifest}
		}
	}
	return nil
}

func descriptor(mediaType string, body []byte) map[string]any {
	return map[string]any{"mediaType": mediaType, "digest": digest(body), "size": len(body)}
}

func digest(body []byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(body))
}

// archive makes a layer without times, so that the same files have the same digest.
func archive(root string) ([]byte, error) {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return addFile(archive, path, name, entry)
	})
	if err != nil {
		return nil, err
	}
	err = archive.Close()
	return out.Bytes(), err
}

func addFile(archive *tar.Writer, path, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	link := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		if link, err = os.Readlink(path); err != nil {
			return err
		}
	}
	full, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	header := &tar.Header{Typeflag: full.Typeflag, Name: name, Linkname: link, Size: full.Size, Mode: full.Mode}
	if err := archive.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(archive, file)
	return err
}
