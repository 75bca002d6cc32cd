import StepCommand
import Watch30m

await StepMain<WatchCommand>.main()
