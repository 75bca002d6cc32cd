import AutoRevert
import StepCommand

await StepMain<RevertCommand>.main()
