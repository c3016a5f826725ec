using EvenNet.Train;

return Training.Run(args, Console.Out);
