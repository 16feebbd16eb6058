#!/bin/bash
# A campaign on Slurm: an array job, of which each task runs one shard. Slurm sets SLURM_ARRAY_TASK_ID, _MIN and _COUNT.
#   sbatch deploy/slurm/hunt.sh
#   capsize hunt merge campaign/shard-* --into whole
# A task that is requeued goes on where it stopped.
#SBATCH --job-name=capsize-hunt
#SBATCH --array=1-8
#SBATCH --cpus-per-task=8
#SBATCH --mem=8G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --signal=INT@60
set -euo pipefail
exec srun capsize-hunt hunt --seeds 100000 --workers "$SLURM_CPUS_PER_TASK" --into "${CAMPAIGN:-campaign}" --exclusive --exit-zero
