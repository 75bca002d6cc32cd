import StepRuntime
import Watch30m

await StepMain<WatchCommand>.main()
