//go:build unix

package huntcli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// A manifest is what the test needs of job.yaml.
type manifest struct {
	Spec struct {
		CompletionMode string `yaml:"completionMode"`
		Completions    int
		Template       struct {
			Spec struct {
				RestartPolicy string `yaml:"restartPolicy"`
				Containers    []struct {
					Command, Args []string
					Env           []struct{ Name, Value string }
					VolumeMounts  []struct {
						MountPath string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
				}
			}
		}
	}
}

// TestDeployKubernetes runs two shards of the manifest as two processes, by its command and its variables and those that
// Kubernetes sets, and joins them. The number of seeds and the length of runs are smaller.
func TestDeployKubernetes(t *testing.T) {
	text, err := os.ReadFile("../../deploy/kubernetes/job.yaml")
	require.NoError(t, err)
	var m manifest
	require.NoError(t, yaml.Unmarshal(text, &m))
	assert.Equal(t, "Indexed", m.Spec.CompletionMode)
	assert.Equal(t, "Never", m.Spec.Template.Spec.RestartPolicy)
	require.Len(t, m.Spec.Template.Spec.Containers, 1)
	pod := m.Spec.Template.Spec.Containers[0]
	require.Equal(t, []string{"capsize-hunt"}, pod.Command)
	completions := strconv.Itoa(m.Spec.Completions)
	env := map[string]string{}
	for _, v := range pod.Env {
		env[v.Name] = v.Value
	}
	require.Equal(t, completions, env["JOB_COMPLETIONS"])
	require.Contains(t, pod.Args, pod.VolumeMounts[0].MountPath)

	dir := t.TempDir()
	args := slices.Clone(pod.Args)
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, pod.VolumeMounts[0].MountPath, filepath.Join(dir, "campaign"))
	}
	i := slices.Index(args, "--seeds")
	require.GreaterOrEqual(t, i, 0)
	args[i+1] = "20"
	args = append(args, strings.Fields("--system raftkv --bug ack-before-sync --nemesis crash --nemesis lossy --nodes 3 --clients 3 --duration 6s --settle 3s --shrink 0 --workers 1")...)

	const shards = 2
	require.Equal(t, "8", completions)
	env["JOB_COMPLETIONS"] = strconv.Itoa(shards)
	var both sync.WaitGroup
	for index := range shards {
		both.Go(func() {
			vars := []string{"JOB_COMPLETION_INDEX=" + strconv.Itoa(index)}
			for name, value := range env {
				vars = append(vars, name+"="+value)
			}
			r := typed(t, dir, vars, args...)
			assert.Zero(t, r.code, r.errors)
		})
	}
	both.Wait()
	campaigns := []string{filepath.Join(dir, "campaign", "shard-1-of-2"), filepath.Join(dir, "campaign", "shard-2-of-2")}
	for _, c := range campaigns {
		assert.Len(t, runsOf(t, c), 20, "half of 20 seeds of two targets")
	}
	for _, added := range []string{"40 of them new", "0 of them new"} {
		merged := typed(t, dir, nil, append([]string{"hunt", "merge", "--into", "whole"}, campaigns...)...)
		require.Zero(t, merged.code, merged.errors)
		assert.Contains(t, merged.out, added)
	}
	one := typed(t, dir, []string{"JOB_COMPLETION_INDEX=0"}, append(args, "--shard", "1/1")...)
	require.Zero(t, one.code, one.errors)
	assert.Equal(t, runsOf(t, filepath.Join(dir, "campaign")), runsOf(t, filepath.Join(dir, "whole")))
	found := typed(t, dir, nil, "hunt", "list", "--into", "whole", "--exit-code")
	assert.Equal(t, 1, found.code)
}

// TestDeployOthers holds the other files to the command: their flags are known, and their numbers of shards agree.
func TestDeployOthers(t *testing.T) {
	slurm, err := os.ReadFile("../../deploy/slurm/hunt.sh")
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^#SBATCH --array=1-8$`, string(slurm))
	github, err := os.ReadFile("../../deploy/github/hunt.yml")
	require.NoError(t, err)
	var workflow struct {
		Jobs map[string]struct {
			Strategy struct {
				Matrix struct{ Index []int }
			}
			Steps []struct {
				Run string
				Env map[string]string
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(github, &workflow))
	shard := workflow.Jobs["shard"]
	for _, s := range shard.Steps {
		if total := s.Env["CI_NODE_TOTAL"]; total != "" {
			assert.Equal(t, strconv.Itoa(len(shard.Strategy.Matrix.Index)), total)
			assert.Equal(t, "${{ matrix.index }}", s.Env["CI_NODE_INDEX"])
		}
	}
	help := typed(t, t.TempDir(), nil, "hunt", "--help").out + typed(t, t.TempDir(), nil, "hunt", "list", "--help").out
	for _, line := range strings.Split(string(slurm)+string(github), "\n") {
		if _, args, ok := strings.Cut(line, " hunt "); ok && !strings.HasPrefix(line, "#") {
			for _, flag := range regexp.MustCompile(`\s--[a-z-]+`).FindAllString(args, -1) {
				assert.Contains(t, help, flag, line)
			}
		}
	}
}
