Console.WriteLine("not started yet");
