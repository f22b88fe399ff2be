import "./views/bonsai-page";
